# SPDX-License-Identifier: GPL-2.0-only
"""The runner of the project's tests; tests/run is its door."""
