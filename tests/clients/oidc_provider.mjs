// OpenID providers that others wrote (oidc-provider, certified), for oidc.py: oidc_provider.mjs PORT CALLBACK PORT CALLBACK SECRET
// The first tells mail addresses at its userinfo endpoint alone and signs with RS256 for a confidential client; the
// second puts them into the identity token and signs with ES256 for a public one. GET /control?mode=… has the first
// answer the token endpoint wrongly from then on: what a broken or hostile provider could say.
import { generateKeyPairSync, createHmac, sign } from 'node:crypto';
import { Provider } from 'oidc-provider';

const [first, callback, second, callbackOfSecond, secret] = process.argv.slice(2);
const people = {
  ada: { email: 'ada@example.com', email_verified: true },
  'ada-again': { email: 'ADA@example.com', email_verified: true },
  bob: { email: 'bob@example.com', email_verified: false },
  eve: {},
  zoe: { email: 'zoe@example.com', email_verified: true },
  dan: { email: 'dan@example.com', email_verified: true },
  kim: {},
};
const keys = (type, options) => generateKeyPairSync(type, options);
const rsa = () => keys('rsa', { modulusLength: 2048 });
const jwk = (key, more) => ({ ...key.export({ format: 'jwk' }), use: 'sig', ...more });
const own = rsa();
const ec = keys('ec', { namedCurve: 'P-256' });
const stranger = rsa();
const next = rsa();

const base64 = (value) => Buffer.from(value).toString('base64url');
function signed(header, claims, by) {
  const text = `${base64(JSON.stringify(header))}.${base64(JSON.stringify(claims))}`;
  return `${text}.${by(text)}`;
}
const rs256 = (pair) => (text) => sign('sha256', Buffer.from(text), pair.privateKey).toString('base64url');

let mode = 'honest';
const now = () => Math.floor(Date.now() / 1000);
const wrong = {
  nonce: (claims) => ({ ...claims, nonce: 'of another sign-in' }),
  'no-nonce': ({ nonce, ...claims }) => claims,
  audience: (claims) => ({ ...claims, aud: 'somebody-else' }),
  audiences: (claims) => ({ ...claims, aud: [claims.aud, 'somebody-else'] }),
  party: (claims) => ({ ...claims, azp: 'somebody-else' }),
  issuer: (claims) => ({ ...claims, iss: 'https://somebody.else.test' }),
  expired: (claims) => ({ ...claims, iat: now() - 7200, exp: now() - 3600 }),
};

// Replaces the identity token of an answer by one of the mode.
function tamper(answer) {
  const [header, claims] = answer.id_token.split('.').slice(0, 2).map((part) => JSON.parse(Buffer.from(part, 'base64url')));
  if (mode in wrong) return signed(header, wrong[mode](claims), rs256(own));
  if (mode === 'stranger') return signed(header, claims, rs256(stranger));
  if (mode === 'none') return signed({ alg: 'none' }, claims, () => '');
  // Made with what every holder of the client's secret has.
  if (mode === 'hmac') {
    return signed({ alg: 'HS256' }, claims, (text) => createHmac('sha256', secret).update(text).digest('base64url'));
  }
  if (mode === 'changed') {
    const [head, , signature] = answer.id_token.split('.');
    return `${head}.${base64(JSON.stringify({ ...claims, sub: 'ada' }))}.${signature}`;
  }
  if (mode === 'rotated') return signed({ ...header, kid: 'next' }, claims, rs256(next));
  return undefined;
}

async function hostile(ctx, go) {
  if (ctx.path === '/control') {
    mode = ctx.query.mode;
    ctx.body = mode;
    return;
  }
  await go();
  if (ctx.path === '/jwks' && mode === 'rotated') {
    ctx.body = { keys: [jwk(next.publicKey, { kid: 'next', alg: 'RS256' })] };
  }
  if (ctx.path === '/token' && ctx.body?.id_token && mode !== 'honest') {
    ctx.body = mode === 'no-token' ? { ...ctx.body, id_token: undefined } : { ...ctx.body, id_token: tamper(ctx.body) };
  }
}

function start(port, client, more) {
  const provider = new Provider(`http://localhost:${port}`, {
    clients: [{ grant_types: ['authorization_code'], response_types: ['code'], ...client }],
    claims: { openid: ['sub'], email: ['email', 'email_verified'] },
    findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id, ...people[id] }) }),
    cookies: { keys: ['only for tests'] },
    pkce: { required: () => true },
    ...more,
  });
  if (port === first) provider.use(hostile);
  return new Promise((done) => provider.listen(Number(port), '127.0.0.1', done));
}

await start(first, {
  client_id: 'sextant',
  client_secret: secret,
  redirect_uris: [callback],
}, { jwks: { keys: [jwk(own.privateKey, { kid: 'own', alg: 'RS256' })] } });
await start(second, {
  client_id: 'sextant-public',
  redirect_uris: [callbackOfSecond],
  token_endpoint_auth_method: 'none',
  id_token_signed_response_alg: 'ES256',
}, { conformIdTokenClaims: false, jwks: { keys: [jwk(own.privateKey, { kid: 'own' }), jwk(ec.privateKey, { kid: 'ec' })] } });
console.log('ready');
