"""A made-up school district, and a server for it, to try things out.

All people are made up. :func:`oneroster_nb.demo.district.making.make_district` makes its tables,
:class:`oneroster_nb.demo.server.embedded.DemoServer` serves them over HTTP on this computer.
"""
