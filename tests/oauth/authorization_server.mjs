// A certified authorization server on a free port of loopback: what it is told on its command line, as JSON, decides
// how long tokens live. It prints its issuer, and ends when its standard input does.
import { createServer } from 'node:http';
import { Provider } from 'oidc-provider';

const told = JSON.parse(process.argv[2]);
console.warn = console.info = () => {}; // its warnings about its own defaults are for those who run it in earnest

const server = createServer();
await new Promise((done) => server.listen(told.port ?? 0, '127.0.0.1', done));
const issuer = `http://127.0.0.1:${server.address().port}`;

const provider = new Provider(issuer, {
  clients: told.clients ?? [],
  clientAuthMethods: ['none', 'client_secret_basic', 'client_secret_post'],
  scopes: ['openid', 'offline_access', ...told.scopes],
  cookies: { keys: ['only for tests'] },
  extraTokenClaims: () => told.claims ?? {},
  findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
  rotateRefreshToken: true,
  issueRefreshToken: async (_, client) => client.grantTypeAllowed('refresh_token'),
  pkce: { required: () => true },
  ttl: {
    AccessToken: told.lifetime, RefreshToken: 3600, Grant: 3600, Session: 3600, Interaction: 600, DeviceCode: 600,
    AuthorizationCode: 60,
  },
  features: {
    clientCredentials: { enabled: true },
    deviceFlow: { enabled: true },
    devInteractions: { enabled: true },
    introspection: { enabled: true },
    registration: { enabled: told.registers ?? true },
    resourceIndicators: {
      enabled: true,
      useGrantedResource: () => true,
      getResourceServerInfo: (_, resource) => ({
        scope: told.scopes.join(' '), audience: resource, accessTokenFormat: 'jwt', accessTokenTTL: told.lifetime,
      }),
    },
    revocation: { enabled: true },
  },
});
server.on('request', provider.callback());
console.log(JSON.stringify({ issuer }));
process.stdin.on('end', () => process.exit(0)).resume();
