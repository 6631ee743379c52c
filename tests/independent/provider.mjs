// An OpenID provider that knows one client and lets anybody log in under any name: `node provider.mjs PORT REDIRECT_URI`.
// https://github.com/panva/node-oidc-provider
import { Provider } from 'oidc-provider';

const [port, redirectUri] = process.argv.slice(2);

const provider = new Provider(`http://localhost:${port}`, {
  clients: [
    {
      client_id: 'shop',
      client_secret: 'a-secret-of-the-client',
      token_endpoint_auth_method: 'client_secret_post',
      grant_types: ['authorization_code', 'refresh_token'],
      redirect_uris: [redirectUri],
      response_types: ['code'],
    },
  ],
  claims: { openid: ['sub'], email: ['email'] },
  cookies: { keys: ['keys of a test'] },
  features: { devInteractions: { enabled: true } },
  findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id, email: `${id}@shop.example` }) }),
  pkce: { required: () => true },
});

provider.listen(Number(port), '127.0.0.1', () => console.log('Started'));
