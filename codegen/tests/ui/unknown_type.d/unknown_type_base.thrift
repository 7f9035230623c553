enum Color { RED }
