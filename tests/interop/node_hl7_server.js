// npm node-hl7-server, unmodified: acknowledges whatever comes, and says how many messages it got.
const { Server } = require("node-hl7-server");
const server = new Server({ bindAddress: "127.0.0.1" });
let got = 0;

const inbound = server.createInbound({ port: Number(process.env.PORT) }, async (request, response) => {
  got++;
  await response.sendResponse("AA");
  console.log(`got ${got}`);
});
inbound.on("listen", () => console.log("listening"));
