"""Pure. Decisions before anything is touched.

``suggest`` decides which game days would prove the rules that nothing has proven.
"""
