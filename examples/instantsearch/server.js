// Serves the page and the library from node_modules, and passes searches on to the catalogue, so that the page
// needs no other origin: a shop of another origin sets CATALOG_CORS_ORIGINS instead.
import { readFile } from "node:fs/promises";
import { createServer, request } from "node:http";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const catalog = new URL(process.env.CATALOG_URL ?? "http://127.0.0.1:8000");
const library = "node_modules/instantsearch.js/dist/instantsearch.production.min.js";
const files = {
  "/": ["index.html", "text/html; charset=utf-8"],
  "/app.js": ["app.js", "text/javascript; charset=utf-8"],
  "/instantsearch.js": [library, "text/javascript; charset=utf-8"],
};

createServer(async (asked, answer) => {
  const path = asked.url.split("?")[0];
  if (path === "/api/v1/instantsearch") {
    const headers = { ...asked.headers, host: catalog.host };
    const passed = request(new URL(path, catalog), { method: asked.method, headers }, (found) => {
      answer.writeHead(found.statusCode, found.headers);
      found.pipe(answer);
    });
    passed.on("error", () => answer.writeHead(502).end());
    asked.pipe(passed);
    return;
  }
  const known = files[path];
  if (!known) return answer.writeHead(path === "/favicon.ico" ? 204 : 404).end();
  try {
    const body = await readFile(join(here, known[0]));
    answer.writeHead(200, { "Content-Type": known[1] }).end(body);
  } catch {
    answer.writeHead(500).end(`${known[0]} is missing: run npm install first.`);
  }
}).listen(Number(process.env.PORT ?? 3000), "127.0.0.1", function () {
  console.log(`http://127.0.0.1:${this.address().port}`);
});
