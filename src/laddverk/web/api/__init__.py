"""The face that programs see: JSON under `/api/v1`, one key with scopes for each program, described by OpenAPI.

Promise: what the console can do the API can do, through the same services; a field once published keeps its name and
meaning within v1; errors follow RFC 9457 and name the field and the remedy.
"""
