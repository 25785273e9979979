// oauth4webapi finds the doors by the metadata, asks and revokes by Basic. Questions come as JSON on stdin, and where the
// package is as the one argument.

import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

const oauth = await import(pathToFileURL(`${process.argv[2]}/node_modules/oauth4webapi/build/index.js`).href);
const asked = JSON.parse(readFileSync(0, 'utf8'));

// The service is reached by its public URL; here that leads to where it listens.
const reach = { [oauth.customFetch]: (url, options) => fetch(url.replace(asked.url, asked.base), options) };
const url = new URL(asked.url);
const found = await oauth.discoveryRequest(url, { algorithm: 'oauth2', ...reach });
const server = await oauth.processDiscoveryResponse(url, found);
const described = await oauth.resourceDiscoveryRequest(url, reach);
const resource = await oauth.processResourceDiscoveryResponse(url, described);

const { id, secret, key, key_id, other } = asked;
const gateway = [{ client_id: id }, oauth.ClientSecretBasic(secret)];

async function introspect([client, shown], token, additionalParameters = {}) {
  const answer = await oauth.introspectionRequest(server, client, shown, token, { additionalParameters, ...reach });
  return oauth.processIntrospectionResponse(server, client, answer);
}

async function revoke([client, shown], token) {
  const answer = await oauth.revocationRequest(server, client, shown, token, reach);
  return (await oauth.processRevocationResponse(answer)) ?? 'done';
}

// What the library makes of a refusal: the error that it read, and the schemes that it could parse.
async function refused(promise) {
  try {
    return ['not refused', await promise];
  } catch (error) {
    const schemes = Array.isArray(error.cause) ? error.cause.map(({ scheme }) => scheme) : undefined;
    return [error.name, error.error ?? error.status, schemes].filter((it) => it !== undefined);
  }
}

const told = {
  issuer: server.issuer,
  servers: resource.authorization_servers,
  key: await introspect(gateway, key),
  may: (await introspect(gateway, key, { capability: 'send', mesh: 'main', topic: 'deploys' })).active,
  may_not: (await introspect(gateway, key, { capability: 'read', mesh: 'main', topic: 'deploys' })).active,
  nothing: await introspect(gateway, 'nothing'),
  wrong_pair: await refused(introspect([{ client_id: id }, oauth.ClientSecretBasic(other)], key)),
  nobody: await refused(introspect([{ client_id: id }, oauth.None()], key)),
  not_ours: await refused(revoke(gateway, key)),
  revoked: await revoke([{ client_id: key_id }, oauth.ClientSecretBasic(key)], key),
  again: await revoke(gateway, key),
  unknown: await revoke(gateway, 'nothing'),
  dead: await introspect(gateway, key),
};
process.stdout.write(JSON.stringify(told));
