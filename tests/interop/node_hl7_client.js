// npm node-hl7-client, unmodified: sends COUNT messages over one connection, each when the answer to the one before has come.
const { Client, Message } = require("node-hl7-client");
const { PORT, COUNT } = process.env;
const client = new Client({ host: "127.0.0.1" });
let sent = 0;

const connection = client.createConnection({ port: Number(PORT) }, async response => {
  const message = response.getMessage();
  console.log(JSON.stringify([message.get("MSA.1").toString(), message.get("MSA.2").toString()]));
  if (sent < Number(COUNT)) return next();
  await connection.close();
  process.exit(0);
});

async function next() {
  const message = new Message({ messageHeader: { msh_9_1: "ADT", msh_9_2: "A01", msh_9_3: "ADT_A01", msh_10: `N${++sent}`, msh_11_1: "P" } });
  message.set("MSH.3", "NODE");
  message.set("MSH.4", "NORDVIK");
  const patient = message.addSegment("PID");
  patient.set("3", "4711");
  patient.set("5", "Ødegård");
  await connection.sendMessage(message);
}
connection.on("data.error", problem => { console.error(problem); process.exit(1); });
connection.on("connect", next);
