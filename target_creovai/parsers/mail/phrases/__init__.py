"""The phrases that mails hold beside their message: greetings, sign-offs, footers, banners.

`endings` and `languages` are the data, by language; `signs` and `words` are patterns and tokens.
"""
