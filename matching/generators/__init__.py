"""Generators: values of an answer that are made anew, from a seed, a clock and the request, instead of recorded."""

from matching.generators.context import GeneratorContext, draw_key
from matching.generators.echo import echo_placements
from matching.generators.templates import ResponseTemplate, Template, compile_template, message_template
from matching.generators.values import GeneratorError

__all__ = [
    "GeneratorContext",
    "GeneratorError",
    "ResponseTemplate",
    "Template",
    "compile_template",
    "draw_key",
    "echo_placements",
    "message_template",
]
