// Shows the description of a stub with Swagger UI.
"use strict";

window.addEventListener("DOMContentLoaded", () => {
  const place = document.getElementById("swagger");
  window.SwaggerUIBundle({ url: place.dataset.openapi, domNode: place, deepLinking: false, tryItOutEnabled: true, validatorUrl: null });
});
