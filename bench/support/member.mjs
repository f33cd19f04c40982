const JSON_BODY = { 'Content-Type': 'application/json' };

/** Settings with which `keyOf` can log in: in production this needs TLS, or a trusted proxy that terminates it. */
export const BEHIND_PROXY = { TRUST_PROXY: '1' };

/** @returns the API key of a new member */
export async function keyOf(server) {
  const headers = { ...JSON_BODY, 'X-Forwarded-Proto': 'https' };
  const member = { email: 'bench@cafe.example', password: 'a flat white, please' };
  const post = async (path, content, more = {}) => {
    const response = await fetch(server.url + path, {
      method: 'POST',
      headers: { ...headers, ...more },
      body: JSON.stringify(content),
    });
    if (!response.ok) throw new Error(`${path} answers ${response.status} ${await response.text()}`);
    return response;
  };
  await post('/auth/signup', member);
  const [cookie] = (await post('/auth/login', member)).headers.getSetCookie();
  const made = await post('/auth/api-keys', { name: 'bench' }, { Cookie: cookie.split(';')[0] });
  return (await made.json()).key;
}
