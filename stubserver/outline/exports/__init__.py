"""Stubs in the formats of other tools: OpenAPI, Postman, HAR."""
