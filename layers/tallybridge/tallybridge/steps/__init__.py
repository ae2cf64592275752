"""The sync steps, one module each, named as the function and the state that run it: selection, validations, stages, mapping, in the order
of their page in the specification. What several of them need lies in the folders:

    shared       the bases of both directions, selection conditions, reference tables, custom fields, messages, writers
    master_data  accounts, catalogue, sales orders: mapping, families, addresses
    documents    invoices, memos, adjustments: lines, checks, revenue dates, mapping
    settlement   payments and refunds: applications, payment methods and accounts, requests
"""
