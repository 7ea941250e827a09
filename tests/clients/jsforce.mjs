// Runs jsforce through one scenario and prints what it got as JSON.
// Usage: node jsforce.mjs SCENARIO '{"url": ..., "clientId": ..., "clientSecret": ..., ...}'
import jsforce from "jsforce";

const [scenario, text] = process.argv.slice(2);
const given = JSON.parse(text);

async function signedIn() {
  const connection = new jsforce.Connection({
    instanceUrl: given.url,
    version: given.version ?? "62.0",
    oauth2: { loginUrl: given.url, clientId: given.clientId, clientSecret: given.clientSecret },
  });
  await connection.authorize({ grant_type: "client_credentials" });
  return connection;
}

async function refusal(attempt) {
  try {
    await attempt();
  } catch (error) {
    return { errorCode: error.errorCode ?? error.name, message: error.message };
  }
  return null;
}

const scenarios = {
  async "sign-in"() {
    const connection = await signedIn();
    const identity = await connection.identity();
    const limits = await connection.limits();
    return {
      organization: connection.userInfo.organizationId,
      identity: identity.organization_id,
      daily: limits.DailyApiRequests.Max,
      usage: connection.limitInfo.apiUsage,
      versions: (await connection.request("/services/data")).map((one) => one.version),
    };
  },

  async "query"() {
    const connection = await signedIn();
    const first = await connection.query("SELECT Id, Owner.Name FROM Account ORDER BY Id", {
      headers: { "Sforce-Query-Options": "batchSize=200" },
    });
    const second = await connection.queryMore(first.nextRecordsUrl);
    const all = await connection
      .query("SELECT Id FROM Account")
      .execute({ autoFetch: true, maxFetch: 100000 });
    const children = await connection.query(
      "SELECT Id, (SELECT Id, LastName FROM Contacts) FROM Account ORDER BY Id LIMIT 20",
    );
    return {
      first: first.records.length,
      second: second.records.length,
      done: second.done,
      all: all.records.length,
      owner: first.records[0].Owner.Name,
      contacts: children.records.flatMap((one) => one.Contacts?.records ?? []).length,
      malformed: await refusal(() => connection.query("SELECT Id FROM")),
      hidden: await refusal(() => connection.query("SELECT Nothing__c FROM Account")),
    };
  },

  async "describe"() {
    const connection = await signedIn();
    const everything = await connection.describeGlobal();
    const account = await connection.sobject("Account").describe();
    return {
      objects: everything.sobjects.map((one) => one.name),
      prefix: account.keyPrefix,
      owner: account.fields.find((one) => one.name === "OwnerId").referenceTo,
      missing: await refusal(() => connection.sobject("Nothing").describe()),
    };
  },

  async "rows"() {
    const connection = await signedIn();
    const leads = connection.sobject("Lead");
    const created = await leads.create({ LastName: "Okafor", Company: "Ash Labs" });
    const updated = await leads.update({ Id: created.id, City: "Leeds" });
    const upserted = await leads.upsert({ Id: created.id, City: "York" }, "Id");
    const read = await leads.retrieve(created.id);
    const several = await leads.create([
      { LastName: "One", Company: "A" },
      { LastName: "Two", Company: "B" },
      { Company: "without a name" },
    ]);
    const changed = await leads.update(
      several.filter((one) => one.success).map((one) => ({ Id: one.id, City: "Hull" })),
    );
    const gone = await leads.destroy(several.filter((one) => one.success).map((one) => one.id));
    const deleted = await leads.destroy(created.id);
    return {
      created, updated, upserted, city: read.City, several, changed, gone, deleted,
      after: await refusal(() => leads.retrieve(created.id)),
    };
  },

  async "bulk"() {
    const connection = await signedIn();
    connection.bulk2.pollInterval = 50;
    connection.bulk2.pollTimeout = 30000;
    const stream = await connection.bulk2.query(
      "SELECT Id, Name, BillingStreet FROM Account ORDER BY Id",
    );
    const rows = await stream.toArray();
    const loaded = await connection.bulk2.loadAndWaitForResults({
      object: "Account",
      operation: "update",
      input: [
        { Id: rows[0].Id, Description: 'two\nlines, "quoted"', OwnerId: given.rep },
        { Id: rows[1].Id, Description: "never", OwnerId: given.inactiveOwner },
      ],
      pollInterval: 50,
      pollTimeout: 30000,
    });
    const inserted = await connection.bulk2.loadAndWaitForResults({
      object: "Lead",
      operation: "insert",
      input: [{ LastName: "Bulk", Company: "Bulk Ltd" }],
      pollInterval: 50,
      pollTimeout: 30000,
    });
    return {
      rows: rows.length,
      names: rows.filter((one) => one.Name).length,
      description: (await connection.sobject("Account").retrieve(rows[0].Id)).Description,
      successful: loaded.successfulResults,
      failed: loaded.failedResults,
      unprocessed: loaded.unprocessedRecords,
      inserted: inserted.successfulResults.length,
    };
  },

  async "expired"() {
    const connection = new jsforce.Connection({ instanceUrl: given.url, accessToken: "00Dx!dead" });
    return refusal(() => connection.query("SELECT Id FROM Account"));
  },
};

console.log(JSON.stringify(await scenarios[scenario]()));
