"""What one charger alone cannot show: cars that fail everywhere, versions that do worse, outlets nobody comes to.

Every ten minutes `service.look` counts yesterday and today anew and raises or clears findings of D10, D30 and D32.
The decisions are pure (`chance`, `rules`); pages read with `queries`.
"""
