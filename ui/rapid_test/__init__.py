"""A rapid drug test: the device, why, how it was taken, what it shows. Always preliminary."""
