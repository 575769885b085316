"""The pages of the explorer: templates, what they are filled with, and the files beside them. Knows no HTTP."""
