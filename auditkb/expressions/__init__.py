"""The expression language of rules: text -> checked, typed tree. Knows no engine and no SQL beyond its own syntax."""
