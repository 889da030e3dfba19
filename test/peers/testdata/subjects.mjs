// Tries subjects, one for each line of standard input, and prints what was refused: "publish <subject>" and "subscription <subject>".
import { readFileSync } from "node:fs";
import { connect } from "@nats-io/transport-node";

const { NATS_URL, NATS_USER, NATS_PASSWORD } = process.env;
const connection = await connect({ servers: NATS_URL, user: NATS_USER, pass: NATS_PASSWORD, inboxPrefix: `_INBOX.${NATS_USER}` });
const refused = new Set();
(async () => {
  for await (const status of connection.status()) {
    if (status.type === "error") refused.add(`${status.error.operation} ${status.error.subject}`);
  }
})();
for (const subject of readFileSync(0, "utf8").split("\n").filter((line) => line)) {
  connection.subscribe(subject, { callback: () => {} });
  if (!/[*>]/.test(subject)) connection.publish(subject, "{}");
  await connection.flush();
}
await connection.flush();
console.log([...refused].join("\n"));
await connection.close();
