"""Rows of Salesforce in one form, however a tap writes them."""
