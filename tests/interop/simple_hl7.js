// npm simple-hl7, unmodified: sends COUNT messages over one connection, each after the answer to the one before, then the one of its own README.
const hl7 = require("simple-hl7");
const { PORT, COUNT } = process.env;
const client = hl7.Server.createTcpClient({ host: "127.0.0.1", port: Number(PORT), keepalive: true });

function sound(number) {
  const message = new hl7.Message("SIMPLE", "NORDVIK", "IDENTITY", "FJORDLAND", "20250303080000", "", ["ADT", "A01", "ADT_A01"], `S${number}`, "P", "2.5");
  message.addSegment("EVN", "", "20250303080000");
  message.addSegment("PID", "", "", ["4711", "", "", "NORDVIK"], "", ["Ødegård", "Ingrid"]);
  message.addSegment("PV1", "", "I");
  return message;
}
const readme = () => new hl7.Message("EPIC", "EPICADT", "SMS", "199912271408", "CHARRIS", ["ADT", "A04"], "1817457", "D", "2.5");

function next(number) {
  const last = number > Number(COUNT);
  client.send(last ? readme() : sound(number), (problem, ack) => {
    if (problem) { console.error(problem); process.exit(1); }
    const msa = ack.getSegment("MSA");
    console.log(JSON.stringify([String(msa.getField(1)), String(msa.getField(2) ?? "")]));
    if (last) { client.close(); process.exit(0); }
    setImmediate(next, number + 1);
  });
}
next(1);
