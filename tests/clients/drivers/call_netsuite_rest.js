// Calls netsuite-rest: SuiteQL, records, errors.
const NetsuiteRest = require("netsuite-rest");

const given = JSON.parse(process.argv[2]);
const client = (more) =>
  new NetsuiteRest({
    consumer_key: given.consumer_key,
    consumer_secret_key: given.consumer_secret,
    token: given.token_id,
    token_secret: given.token_secret,
    realm: given.account,
    base_url: given.url,
    ...more,
  });

async function main() {
  const found = {};
  const ask = (offset) =>
    client().request({
      path: `query/v1/suiteql?limit=2&offset=${offset}`,
      method: "POST",
      body: JSON.stringify({ q: "SELECT id, companyname FROM customer ORDER BY id" }),
    });
  found.pages = [(await ask(0)).data, (await ask(2)).data];
  const body = JSON.stringify({ companyName: "Fourth", subsidiary: { id: "1" } });
  found.made = (await client().request({ path: "record/v1/customer", method: "POST", body })).statusCode;
  found.read = (await client().request({ path: "record/v1/invoice/900" })).data;
  const pair = { path: "record/v1/customer/101", method: "PATCH", body: JSON.stringify({ comments: "seen" }) };
  found.changed = (await client().request(pair)).statusCode;
  for (const [name, call] of [
    ["gone", () => client().request({ path: "record/v1/invoice/12345" })],
    ["bad key", () => client({ token_secret: "wrong" }).request({ path: "record/v1/customer" })],
  ]) {
    try {
      await call();
      found[name] = [200, ""];
    } catch (error) {
      found[name] = [error.response.statusCode, error.response.body];
    }
  }
  console.log(JSON.stringify(found));
}

main();
