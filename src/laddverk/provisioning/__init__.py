"""What chargers are made of and set to: the device model and its history, templates and drift, monitors and events.

Nouns: an *inventory* is a report that was asked for, and comes in parts. A *template* is a list of values that the
chargers of a model should have; how a station *stands* to it is in step, drifted or unknown; a *run* writes a template
to chargers. A *monitor* watches a variable inside the charger and tells an *event*; events that alert and are not
cleared make an *alarm*. A *stream* is a monitor that tells its values all the time (2.1).

What always holds:
- Each change of a template is a new version; all versions stay. No secret stands in a template or network profile.
- Where two templates name the same variable, the one that is meant for fewer stations counts.
- The same event told twice is kept once; an alarm follows from the set of its events, in whatever order they came.
- What a charger took and uses from its next start on is shown as such until it has started.

Publishes nothing. Hears `CommandFinished` and `VariablesChanged` of stations.
"""
