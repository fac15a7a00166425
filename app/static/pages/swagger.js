// Ids of new records in the examples get another ending for each click, so that a second click works too.
const isOwnId = (within, member) =>
  member === "external_id" || (member === "key" && within === "external_ids") || (member === "code" && within === "");

const examples = new Set();

function collect(value, within = "") {
  if (Array.isArray(value)) value.forEach((item) => collect(item, within));
  else if (value !== null && typeof value === "object")
    for (const [member, item] of Object.entries(value))
      if (typeof item === "string") isOwnId(within, member) && examples.add(item);
      else collect(item, member);
}

function renewed(value, ending, within = "") {
  if (Array.isArray(value)) return value.map((item) => renewed(item, ending, within));
  if (value === null || typeof value !== "object") return value;
  const members = Object.entries(value).map(([member, item]) => [
    member,
    isOwnId(within, member) && examples.has(item) ? item + ending : renewed(item, ending, member),
  ]);
  return Object.fromEntries(members);
}

function withOwnIds(request) {
  if (request.method === "POST" && typeof request.body === "string" && request.body.startsWith("{"))
    try {
      request.body = JSON.stringify(renewed(JSON.parse(request.body), "-" + Date.now().toString(36)), null, 2);
    } catch {
      return request; // not JSON: the service says what is wrong with it
    }
  return request;
}

// Swagger UI's own way goes through the whole document each time that an operation is opened, for seconds.
function resolveSubtree(api, path) {
  const at = (steps) => steps.reduce((node, step) => node?.[step], api);
  const resolved = (node, within) => {
    if (Array.isArray(node)) return node.map((one) => resolved(one, within));
    if (node === null || typeof node !== "object") return node;
    if (typeof node.$ref === "string" && node.$ref.startsWith("#/")) {
      if (within.includes(node.$ref)) return {};
      const { $ref, ...beside } = node;
      const steps = $ref.slice(2).split("/").map((step) => step.replaceAll("~1", "/").replaceAll("~0", "~"));
      return { ...resolved(at(steps), [...within, $ref]), ...resolved(beside, within) };
    }
    return Object.fromEntries(Object.entries(node).map(([name, value]) => [name, resolved(value, within)]));
  };
  return Promise.resolve({ spec: resolved(at(path), []), errors: [] });
}

window.addEventListener("load", async () => {
  const spec = await loadDocument();
  for (const schema of Object.values(spec.components.schemas)) (schema.examples ?? []).forEach((example) => collect(example));
  SwaggerUIBundle({
    spec,
    dom_id: "#page",
    deepLinking: true,
    defaultModelsExpandDepth: -1, // each operation shows its own models
    defaultModelExpandDepth: 2,
    docExpansion: "none",
    requestInterceptor: withOwnIds,
    validatorUrl: null, // the default sends the document to a site on the internet
    presets: [SwaggerUIBundle.presets.apis],
    plugins: [() => ({ fn: { resolveSubtree } })],
    layout: "BaseLayout",
  });
});
