// A provider of OpenID Connect, as panva wrote it, that keeps nothing: its people sign in by saying who they are.
//
// It is told on standard input, as JSON: the packages, a port (0 for any), the host that it is called by, its clients, and whether it
// says who somebody is in its word itself or only where it is asked, and what its key is called, if always the same. It says its issuer in one line once it listens.

import { generateKeyPairSync, randomUUID } from "node:crypto";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

// Nobody reads what it notes.
console.info = () => {};

const chunks = [];
for await (const chunk of process.stdin) chunks.push(chunk);
const asked = JSON.parse(Buffer.concat(chunks).toString());
const require = createRequire(`${asked.packages}/package.json`);
const { default: Provider } = await import(pathToFileURL(require.resolve("oidc-provider")));

const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
const key = { ...privateKey.export({ format: "jwk" }), kid: asked.kid ?? randomUUID(), use: "sig", alg: "RS256" };

// Who says `mallory~dana` is mallory, and says that dana's address is its own. With `!` behind, it was never seen to.
const claims = (login) => {
  const [, name, address, unverified] = login.match(/^([^~!]+)(?:~([^!]+))?(!)?$/) ?? [];
  return { sub: `sub-${name}`, name, email: `${address ?? name}@example.com`, email_verified: unverified === undefined };
};
const logins = new Map();

const server = createServer();
await new Promise((resolve) => server.listen(asked.port, asked.host, resolve));
const issuer = `http://${asked.host}:${server.address().port}`;
const provider = new Provider(issuer, {
  clients: asked.clients,
  jwks: { keys: [key] },
  cookies: { keys: ["of this test"] },
  claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["name"] },
  conformIdTokenClaims: !asked.in_word,
  features: { devInteractions: { enabled: false } },
  interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
  pkce: { required: () => true },
  findAccount: (_, sub) => ({ accountId: sub, claims: () => claims(logins.get(sub)) }),
  async loadExistingGrant(ctx) {
    const grant = new ctx.oidc.provider.Grant({
      clientId: ctx.oidc.client.clientId,
      accountId: ctx.oidc.session.accountId,
    });
    grant.addOIDCScope("openid email profile");
    await grant.save();
    return grant;
  },
});

const page = `<!DOCTYPE html><html lang="en"><title>Provider</title><h1>Provider</h1><form method="post">
  <label for="login">Login</label><input id="login" name="login">
  <button>Sign in there</button><button name="refuse" value="yes">Refuse</button></form></html>`;

async function interact(request, response) {
  await provider.interactionDetails(request, response);
  if (request.method !== "POST") return response.setHeader("content-type", "text/html").end(page);
  const body = [];
  for await (const chunk of request) body.push(chunk);
  const form = new URLSearchParams(Buffer.concat(body).toString());
  const finish = (result) => provider.interactionFinished(request, response, result, { mergeWithLastSubmission: false });
  if (form.get("refuse")) return finish({ error: "access_denied", error_description: "they did not want to" });
  const login = form.get("login");
  const { sub } = claims(login);
  logins.set(sub, login);
  return finish({ login: { accountId: sub } });
}

const serve = provider.callback();
server.on("request", (request, response) => {
  if (!request.url.startsWith("/interaction/")) return serve(request, response);
  return interact(request, response).catch((error) => response.writeHead(500).end(String(error)));
});
process.stdout.write(`${JSON.stringify({ issuer, port: server.address().port })}\n`);
