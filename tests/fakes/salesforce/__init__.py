"""A simulated Salesforce that refuses what the real one refuses.

org = SalesforceOrg()
case_id = org.add("Case", Subject="Billing question")
with SalesforceServer(org) as server:
    ...  # any client that can be pointed at server.url
"""

from __future__ import annotations

from tests.fakes.salesforce.errors import SalesforceError
from tests.fakes.salesforce.faults import Fault
from tests.fakes.salesforce.org import SalesforceOrg
from tests.fakes.salesforce.server import Call, SalesforceServer

__all__ = ["Call", "Fault", "SalesforceError", "SalesforceOrg", "SalesforceServer"]
