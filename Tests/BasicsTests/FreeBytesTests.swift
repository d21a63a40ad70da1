import Basics
import Testing

@Suite struct FreeBytesTests {
    @Test func aDiskHasRoomAndNoFileSystemWithoutBlocksIsFull() {
        #expect((freeBytes(at: "/") ?? 0) > 0)
        // It has no blocks at all, and says that none are free.
        #expect(freeBytes(at: "/proc") == nil)
        #expect(freeBytes(at: "/nowhere") == nil)
    }
}
