"""The only sockets of the house: one feed supervisor for all venues, REST, and the limits both keep."""
