"""Examples of JSON Schemas: `example` builds the value, `facts` fills it from a prompt, `pattern` writes texts that
a regular expression accepts."""
