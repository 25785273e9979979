// oauth4webapi signs a terminal in: it prints what it was told, asks twice, and once more when it hears a line. Its arguments are where
// the package is, the public URL, and where that leads here.

import { once } from 'node:events';
import { pathToFileURL } from 'node:url';

const [place, url, base] = process.argv.slice(2);
const oauth = await import(pathToFileURL(`${place}/node_modules/oauth4webapi/build/index.js`).href);
const reach = { [oauth.customFetch]: (target, options) => fetch(target.replace(url, base), options) };
const issuer = new URL(url);
const found = await oauth.discoveryRequest(issuer, { algorithm: 'oauth2', ...reach });
const server = await oauth.processDiscoveryResponse(issuer, found);
const client = { client_id: 'meshkey-cli' };
const tell = (value) => console.log(JSON.stringify(value));

const asked = new URLSearchParams({ scope: 'send' });
const answer = await oauth.deviceAuthorizationRequest(server, client, oauth.None(), asked, reach);
const begun = await oauth.processDeviceAuthorizationResponse(server, client, answer);
tell(begun);

async function ask() {
  const response = await oauth.deviceCodeGrantRequest(server, client, oauth.None(), begun.device_code, reach);
  try {
    return await oauth.processDeviceCodeResponse(server, client, response);
  } catch (error) {
    return error.error;
  }
}

tell([await ask(), await ask()]);
await once(process.stdin, 'data');
const { access_token, scope, token_type } = await ask();
const headers = { authorization: `Bearer ${access_token}` };
const { status } = await fetch(`${base}/v1/whoami`, { headers });
tell({ scope, token_type, again: await ask(), accepted: status });
process.stdin.destroy();
