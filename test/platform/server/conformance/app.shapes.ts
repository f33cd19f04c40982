import { JSON_BODY, type Row } from './shape.js';

const ORIGIN = { Origin: 'http://a.example.test' };
const PREFLIGHT = { ...ORIGIN, 'Access-Control-Request-Method': 'POST', 'Access-Control-Request-Headers': 'x-a' };

export const PREFIX: readonly Row[] = [
  ['with the prefix', 'GET', '/api/cats'],
  ['static with the prefix', 'GET', '/api/cats/mine'],
  ['a parameter with the prefix', 'GET', '/api/cats/7?a=1'],
  ['the prefix alone', 'GET', '/api'],
  ['the prefix and a slash', 'GET', '/api/'],
  ['without the prefix', 'GET', '/cats'],
  ['nowhere with the prefix', 'GET', '/api/nowhere'],
  ['the prefix of a longer word', 'GET', '/apiary'],
  ['excluded', 'GET', '/health'],
  ['excluded, with the prefix', 'GET', '/api/health'],
  ['excluded with a wildcard', 'GET', '/health/deep/7'],
  ['a body', 'POST', '/api/cats', JSON_BODY, '{"a":1}'],
  ['a broken body', 'POST', '/api/cats', JSON_BODY, '{'],
  ['nowhere', 'GET', '/nowhere'],
  ['the root', 'GET', '/'],
  ['registered after init, below', 'GET', '/late/7/8'],
  ['middleware after init that throws', 'GET', '/late-failure'],
];

export const VERSIONS: readonly Row[] = [
  ['version 1', 'GET', '/v1/cats'],
  ['version 2', 'GET', '/v2/cats'],
  ['a version nobody has', 'GET', '/v3/cats'],
  ['no version', 'GET', '/cats'],
  ['a parameter', 'GET', '/v1/cats/special'],
  ['@Version on a method', 'GET', '/v2/cats/special'],
  ['another @Version on a method', 'GET', '/v3/cats/special/'],
  ['a neutral version', 'GET', '/health'],
  ['a neutral version with a version', 'GET', '/v1/health'],
  ['the version by default', 'GET', '/v1'],
  ['upper case', 'GET', '/V1/Cats'],
];

export const HEADER_VERSIONS: readonly Row[] = [
  ['version 1', 'GET', '/cats', { 'X-Version': '1' }],
  ['version 2', 'GET', '/cats', { 'X-Version': '2' }],
  ['one of several versions', 'GET', '/cats/special', { 'X-Version': '3' }],
  ['a parameter', 'GET', '/cats/special', { 'X-Version': '1' }],
  ['a neutral version', 'GET', '/health', { 'X-Version': '9' }],
  ['a neutral version without a header', 'GET', '/health'],
];

export const CORS: readonly Row[] = [
  ['an allowed origin', 'GET', '/cats', ORIGIN],
  ['another origin', 'GET', '/cats', { Origin: 'http://b.example.test' }],
  ['no origin', 'GET', '/cats/7'],
  ['a preflight', 'OPTIONS', '/cats', PREFLIGHT],
  ['a preflight of a parameter', 'OPTIONS', '/cats/7', PREFLIGHT],
  ['a preflight from elsewhere', 'OPTIONS', '/cats', { ...PREFLIGHT, Origin: 'http://b.example.test' }],
  ['a preflight nowhere', 'OPTIONS', '/nowhere', PREFLIGHT],
  ['an origin nowhere', 'GET', '/nowhere', ORIGIN],
  ['a POST', 'POST', '/cats', { ...ORIGIN, ...JSON_BODY }, '{"a":1}'],
];

export const STRICT: readonly Row[] = [
  ['as it is', 'GET', '/cats'],
  ['a slash', 'GET', '/cats/'],
  ['a slash after a static path', 'GET', '/cats/mine/'],
  ['a slash after a parameter', 'GET', '/cats/7/'],
  ['upper case', 'GET', '/Cats'],
  ['upper case after a prefix', 'GET', '/cats/MINE'],
  ['the root', 'GET', '/'],
  ['a deep query', 'GET', '/cats?a[b][c]=1&d[]=2&d[]=3&e.f=4'],
  [
    'a proxy',
    'GET',
    '/cats',
    { 'X-Forwarded-For': '1.2.3.4, 5.6.7.8', 'X-Forwarded-Proto': 'https', 'X-Forwarded-Host': 'a.b.c.test' },
  ],
];
