"""What contracts say, arranged for reading: endpoints, fields and rules in words, differences, exports, snippets.

Pure: interactions and documents in, data and texts out.
"""
