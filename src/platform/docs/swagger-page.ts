/** Swagger UI under the header of the product, without inline scripts and styles. */
export const SWAGGER_PAGE = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <title>Barista API</title>
    <link rel="icon" href="/assets/icon.svg" type="image/svg+xml" />
    <link rel="stylesheet" href="/docs/assets/swagger-ui.css" />
    <link rel="stylesheet" href="/assets/theme.css" />
    <link rel="stylesheet" href="/assets/docs.css" />
  </head>
  <body>
    <header class="site-header">
      <a class="brand" href="/">
        <img src="/assets/icon.svg" alt="" width="32" height="32" />
        <span>Barista</span>
      </a>
      <nav aria-label="Main">
        <a href="/docs" aria-current="page">API docs</a>
        <a href="/openapi.json">OpenAPI</a>
        <a href="/health/ready">Health</a>
      </nav>
    </header>
    <main id="swagger-ui">
      <noscript>These pages need JavaScript; <a href="/openapi.json">the OpenAPI document</a> does not.</noscript>
    </main>
    <script src="/docs/assets/swagger-ui-bundle.js"></script>
    <script src="/docs/start.js"></script>
  </body>
</html>
`;

/** Starts Swagger UI. Tags and operations keep the order of the document; a key from "Authorize" is not stored in the browser. */
export const SWAGGER_START = `const dark = matchMedia('(prefers-color-scheme: dark)');
const followScheme = () => document.documentElement.classList.toggle('dark-mode', dark.matches);
dark.addEventListener('change', followScheme);
followScheme();

window.ui = SwaggerUIBundle({
  url: '/openapi.json',
  dom_id: '#swagger-ui',
  deepLinking: true,
  displayRequestDuration: true,
  docExpansion: 'list',
  defaultModelsExpandDepth: 0,
  persistAuthorization: false,
  validatorUrl: null,
});
`;
