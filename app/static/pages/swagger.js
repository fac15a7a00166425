window.addEventListener("load", () => {
  SwaggerUIBundle({
    url: "/openapi.json",
    dom_id: "#page",
    deepLinking: true,
    validatorUrl: null, // the default sends the document to a site on the internet
    presets: [SwaggerUIBundle.presets.apis],
    layout: "BaseLayout",
  });
});
