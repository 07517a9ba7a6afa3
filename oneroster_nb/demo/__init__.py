"""A made-up school district and the server that shows it, for trying things out.

Nobody in it is real. :func:`oneroster_nb.demo.district.making.make_district` makes its tables,
:class:`oneroster_nb.demo.server.embedded.DemoServer` serves them over HTTP on this computer.
"""
