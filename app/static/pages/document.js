// The OpenAPI document as the pages show it: without what all answers share, which took most of the time to draw.
const asked = fetch("/openapi.json"); // at once, while the viewer is still loading

async function loadDocument() {
  const api = await (await asked).json();
  const common = new Set(["X-Request-Id", "RateLimit", "RateLimit-Policy", "Access-Control-Allow-Origin"]);
  const refusals = api.components.responses;
  for (const operations of Object.values(api.paths)) {
    for (const operation of Object.values(operations)) {
      // What is text is typed: for a file to choose, an example is not filled in and nothing is sent.
      for (const content of Object.values(operation.requestBody?.content ?? {}))
        if (typeof content.example === "string") delete content.schema.format;
      for (const [status, answer] of Object.entries(operation.responses)) {
        if (answer.$ref) {
          const refusal = refusals[answer.$ref.split("/").pop()];
          operation.responses[status] = { description: refusal.description };
        } else if (answer.headers) {
          answer.headers = Object.fromEntries(Object.entries(answer.headers).filter(([name]) => !common.has(name)));
        }
      }
    }
  }
  delete api.info.contact; // addresses that stand for the company's own
  api.info.description +=
    "\n\n**Every answer** carries `X-Request-Id`, `RateLimit` and `RateLimit-Policy`; every refusal is a problem" +
    " (`application/problem+json`; [all codes](/)). [How each figure is computed](/docs/formulas). The whole document:" +
    " [openapi.json](/openapi.json).";
  return api;
}
