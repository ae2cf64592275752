// Calls @fye/netsuite-rest-api: a stream over all pages of a query and of a dataset, and the update of a record.
const { makeRequest, suiteqlSearch, update } = require("@fye/netsuite-rest-api");

const given = JSON.parse(process.argv[2]);
const config = (more) => ({
  netsuiteApiHost: given.url.replace("https://", ""),
  consumerKey: given.consumer_key,
  consumerSecret: given.consumer_secret,
  netsuiteAccountId: given.account,
  netsuiteTokenKey: given.token_id,
  netsuiteTokenSecret: given.token_secret,
  netsuiteQueryLimit: 2,
  ...more,
});

const all = (search, more) =>
  new Promise((resolve) => {
    const rows = [];
    let total;
    suiteqlSearch(config(more), search)
      .on("totalResults", (number) => (total = number))
      .on("data", (row) => rows.push(row))
      .on("error", (error) => resolve({ error: error.message }))
      .on("end", () => resolve({ rows, total }));
  });

async function main() {
  const found = {};
  found.query = await all({ query: "SELECT id, companyname FROM customer ORDER BY id" });
  found.dataset = await all({ query: "custdataset_open", dataset: "custdataset_open" });
  const path = "services/rest/record/v1/customer";
  found.changed = (await update(config(), { id: "101", path, updateValues: { comments: "seen" } })).statusCode;
  found.read = (await makeRequest(config(), { path: `${path}/101`, method: "GET", requestType: "record" })).body;
  found.refused = (await update(config(), { id: "101", path, updateValues: { email: "nobody" } })).body;
  found.wrong = await all({ query: "SELECT id FROM nothing_here" });
  found.denied = await all({ query: "SELECT id FROM customer" }, { netsuiteTokenSecret: "wrong" });
  console.log(JSON.stringify(found));
}

main();
