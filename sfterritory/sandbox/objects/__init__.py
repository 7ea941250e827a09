"""The org's objects and fields, declared as data; one module a family."""
