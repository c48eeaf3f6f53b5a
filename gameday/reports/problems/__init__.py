"""Pure. The problems of files, as the places that show them want to have them.

* ``fingerprints``: what makes a problem the same one after its lines have moved.
* ``github``: annotations. ``gitlab``: Code Quality. ``sarif``: SARIF 2.1.0.
* ``junit``: one test case per file.
"""
