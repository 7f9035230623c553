namespace go shop

struct Order { 1: string name }
