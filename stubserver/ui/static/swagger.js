// Shows the description of a stub with Swagger UI.
"use strict";

window.addEventListener("DOMContentLoaded", () => {
  const place = document.getElementById("swagger"), later = document.getElementById("swagger-load");
  const isLarge = Number(place.dataset.count) > 300;
  // The media type that the answers of an operation have: stubs are asked for that, where nothing else is chosen.
  const acceptOf = (specification, request) => {
    for (const [path, item] of Object.entries(specification.paths || {})) {
      const pattern = path.replace(/[.*+?^$()|[\]\\]/g, "\\$&").replace(/\{[^}]*\}/g, "[^?]+");
      const operation = item[request.method.toLowerCase()];
      if (!operation || !new RegExp(`${pattern}(\\?|$)`).test(request.url)) continue;
      for (const answer of Object.values(operation.responses)) for (const type of Object.keys(answer.content || {})) return type;
    }
    return null;
  };
  const show = () => {
    later.hidden = true;
    const ui = window.SwaggerUIBundle({
      url: place.dataset.openapi,
      domNode: place,
      deepLinking: false,
      tryItOutEnabled: true,
      validatorUrl: null,
      docExpansion: isLarge ? "none" : "list",
      filter: isLarge,
      requestInterceptor: (request) => {
        const name = Object.keys(request.headers || {}).find((each) => each.toLowerCase() === "accept");
        if (!request.loadSpec && name && request.headers[name] === "*/*") {
          request.headers[name] = acceptOf(ui.specSelectors.specJson().toJS(), request) || "*/*";
        }
        return request;
      },
    });
  };
  if (isLarge) {
    later.hidden = false;
    later.querySelector("button").addEventListener("click", show);
  } else show();
});
