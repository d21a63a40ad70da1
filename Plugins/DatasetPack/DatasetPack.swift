// DatasetPack
