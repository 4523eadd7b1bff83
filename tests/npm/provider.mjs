// A real OIDC provider for the tests of access: `node provider.mjs CONFIGURATION.json`, which says the port, the keys, the agents.
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

const [folder, file] = process.argv.slice(2);
const { default: Provider } = await import(pathToFileURL(createRequire(`${folder}/`).resolve('oidc-provider')));
const { port, keys, agents, clients, tls } = JSON.parse(readFileSync(file, 'utf8'));
const issuer = `${tls ? 'https' : 'http'}://127.0.0.1:${port}`;
const resources = {
  'urn:microcredit': { audience: 'microcredit', accessTokenFormat: 'jwt', jwt: { sign: { alg: 'RS256' } } },
  'urn:microcredit:es256': { audience: 'microcredit', accessTokenFormat: 'jwt', jwt: { sign: { alg: 'ES256' } } },
  'urn:microcredit:opaque': { audience: 'microcredit', accessTokenFormat: 'opaque' },
  'urn:autre-service': { audience: 'autre-service', accessTokenFormat: 'jwt', jwt: { sign: { alg: 'RS256' } } },
};
const provider = new Provider(issuer, {
  clients,
  jwks: { keys },
  cookies: { keys: ['essai'] },
  pkce: { required: () => false },
  ttl: { AccessToken: 3600, Grant: 3600, IdToken: 3600, Interaction: 3600, Session: 3600 },
  findAccount: (_, id) => ({ accountId: id, claims: async () => ({ sub: id }) }),
  extraTokenClaims: (_, token) => agents[token.accountId],
  features: {
    devInteractions: { enabled: true },
    introspection: { enabled: true, allowedPolicy: () => true },
    revocation: { enabled: true },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => 'urn:microcredit',
      useGrantedResource: () => true,
      getResourceServerInfo: (_, resource) => ({ scope: 'appeler', ...resources[resource] }),
    },
  },
});
const server = tls ? createSecureServer(tls, provider.callback()) : createServer(provider.callback());
server.listen(port, '127.0.0.1', () => console.log(issuer));
