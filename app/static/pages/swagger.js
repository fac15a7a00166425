const UNIQUE = "{unique}";

// What a source calls its record: it can be taken once, so each request that is sent gets one of its own.
function markIds(example) {
  if (Array.isArray(example)) {
    example.forEach(markIds);
  } else if (example !== null && typeof example === "object") {
    if (typeof example.external_id === "string") example.external_id += `-${UNIQUE}`;
    for (const known of example.external_ids ?? []) known.key += `-${UNIQUE}`;
    markIds(example.items);
  }
}

function markExamples(api) {
  const schemas = api.components.schemas;
  for (const operations of Object.values(api.paths)) {
    const content = operations.post?.requestBody?.content?.["application/json"];
    const schema = content?.schema.$ref && schemas[content.schema.$ref.split("/").pop()];
    if (schema?.examples) {
      const example = structuredClone(schema.examples[0]);
      markIds(example);
      if (operations.post.operationId === "createSurvey") example.code += `-${UNIQUE}`;
      content.example = example;
    }
  }
}

function withIdsOfItsOwn(request) {
  if (typeof request.body === "string") {
    const order = Date.now().toString(36);
    request.body = request.body.replaceAll(UNIQUE, order);
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
  const api = await loadDocument();
  markExamples(api);
  api.info.description +=
    `\n\nIn examples \`${UNIQUE}\` becomes another word each time that a request is sent, so that each creates` +
    " a record of its own.";
  SwaggerUIBundle({
    spec: api,
    dom_id: "#page",
    deepLinking: true,
    docExpansion: "list",
    defaultModelsExpandDepth: -1, // some 300 schemas below the operations, each shown where it is used
    persistAuthorization: true,
    requestInterceptor: withIdsOfItsOwn,
    validatorUrl: null, // the default sends the document to a site on the internet
    presets: [SwaggerUIBundle.presets.apis],
    plugins: [() => ({ fn: { resolveSubtree } })],
    layout: "BaseLayout",
  });
});
