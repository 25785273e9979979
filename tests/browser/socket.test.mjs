// A page opens a socket with a ticket that its own server has asked for: the key is never in the page.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { base, launch, open } from "./helpers.mjs";

const { MESHKEY_KEY } = process.env;
const headers = { authorization: `Bearer ${MESHKEY_KEY}` };
let browser;
before(async () => (browser = await launch()));
after(() => browser.close());

// What the page's own server does.
async function ticket() {
  const answer = await fetch(`${base}/v1/meshes/main/ws`, { method: "POST", headers });
  assert.equal(answer.status, 201);
  return (await answer.json()).ticket;
}

// What the page does: opens a socket, says these one after the other, and gives what it heard until so much came or it was closed.
async function talk(page, protocols, says, count) {
  return page.evaluate(
    ([url, protocols, says, count]) =>
      new Promise((done) => {
        const heard = [];
        const socket = new WebSocket(url, protocols);
        const end = (close) => done({ heard, close, protocol: socket.protocol });
        socket.onclose = ({ code }) => end(code);
        socket.onmessage = ({ data }) => {
          heard.push(JSON.parse(data));
          if (says.length) socket.send(JSON.stringify(says.shift()));
          else if (heard.length >= count) end(null);
        };
      }),
    [`${base.replace("http", "ws")}/v1/meshes/main/ws`, protocols, says, count],
  );
}

test("a page follows and sends with a ticket, once", async () => {
  const page = await open(browser);
  // Any page of this host: its policy lets it talk to where it is from.
  await page.goto(`${base}/login`);
  const given = await ticket();
  const says = [
    { do: "subscribe", id: "1", topic: "deploys" },
    { do: "send", id: "2", topic: "deploys", body: { text: "hé" } },
  ];
  const { heard, close, protocol } = await talk(page, ["meshkey", given], says, 4);
  assert.deepEqual([protocol, close], ["meshkey", null], JSON.stringify([heard, page.complaints]));
  const events = heard.map(({ event }) => event);
  assert.deepEqual(events.slice(0, 2), ["open", "subscribed"]);
  assert.deepEqual(events.slice(2).sort(), ["message", "sent"]);
  assert.deepEqual(heard.find(({ event }) => event === "message").message.body, { text: "hé" });
  // The ticket is taken, and a key is no ticket.
  for (const again of [given, MESHKEY_KEY]) {
    const refused = await talk(page, ["meshkey", again], [], 1);
    assert.deepEqual([refused.heard, refused.close], [[], 1006]);
  }
});
