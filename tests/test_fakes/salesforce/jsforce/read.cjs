// Reads an org with jsforce and writes what it found as one JSON document.
//
//     node read.cjs URL, with the credentials of a login as JSON on stdin
//
// Each task stands for itself: one that fails is its error's name, code and message.

const { readFileSync } = require("node:fs");
const jsforce = require("jsforce");

const ROWS = "SELECT Id, Subject, Contact.Name, IsDeleted FROM Case ORDER BY Id";

const url = process.argv[2];
const { username, password, ...app } = JSON.parse(readFileSync(0, "utf8"));
const connection = () =>
  new jsforce.Connection({ version: "62.0", oauth2: { loginUrl: url, ...app } });

// jsforce follows every nextRecordsUrl by itself.
const rowsOf = (query) =>
  new Promise((resolve, reject) => {
    const rows = [];
    query
      .on("record", (row) => rows.push(row))
      .on("end", () => resolve(rows))
      .on("error", reject)
      .run({ autoFetch: true, maxFetch: 1000 });
  });

const tasks = {
  query: (org) => rowsOf(org.query(ROWS)),
  queryAll: (org) => rowsOf(org.query(ROWS, { scanAll: true })),
  pages: async (org) => {
    const first = await org.query("SELECT Id FROM Case");
    const second = await org.queryMore(first.nextRecordsUrl);
    return [first.records.length, first.done, second.records.length, second.done];
  },
  describe: async (org) => {
    const { fields } = await org.sobject("Case").describe();
    return fields.filter(({ name }) => name === "ContactId");
  },
  describeGlobal: async (org) => (await org.describeGlobal()).sobjects.map(({ name }) => name),
  limits: async (org) => (await org.limits()).DailyApiRequests,
  retrieve: async (org) => {
    const { records } = await org.query("SELECT Id FROM Case LIMIT 1");
    return (await org.sobject("Case").retrieve(records[0].Id)).Subject;
  },
  identity: async (org) => (await org.request("/services/oauth2/userinfo")).preferred_username,
  bulk2: async (org) => {
    org.bulk2.pollInterval = 1;
    return (await org.bulk2.query("SELECT Id, Subject FROM Case")).toArray();
  },
  bulk2All: async (org) => {
    org.bulk2.pollInterval = 1;
    const options = { scanAll: true };
    return (await org.bulk2.query("SELECT Id, IsDeleted FROM Case", options)).toArray();
  },
  noField: (org) => org.query("SELECT Nope FROM Case"),
  noObject: (org) => org.sobject("Nope").describe(),
  badLocator: (org) => org.queryMore("/services/data/v62.0/query/01g000000000009AAA-2"),
  // jsforce logs in again where a token is refused, and asks once more.
  renewed: async (org) => {
    org.accessToken = "none";
    return (await org.query("SELECT Id FROM Case")).totalSize;
  },
};

const main = async () => {
  const found = {};
  for (const [name, task] of Object.entries(tasks)) {
    const org = connection();
    try {
      await org.login(username, password);
      found[name] = await task(org);
    } catch (error) {
      found[name] = { error: error.name, code: error.errorCode, message: error.message };
    }
  }
  const refused = connection();
  found.login = await refused.login(username, "wrong").catch(({ name }) => ({ error: name }));
  process.stdout.write(JSON.stringify(found));
};

main();
