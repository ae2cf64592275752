"""The operator's console: pages over `tallybridge.desk`, rendered on the server, readable and usable without JavaScript.

`app` routes, `signin` and `session` know who asks, `guard` decides what may be asked, `frame` renders; each screen has a module below
`screens`. A screen is a function from a question to plain data: the page and its JSON twin are made from the same.
"""
