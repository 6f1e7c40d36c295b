using System.Security.Cryptography;
using Messaging.Contracts.Handlers;

namespace Messaging.Tests.Worker.Kinds;

/// <summary>Runs <c>test.compute</c>. Answers the last hash.</summary>
public sealed class ComputeHandler : ITaskHandler<Compute, string>
{
    private const int BlockBytes = 16 * 1024;

    /// <inheritdoc/>
    public Task<string> HandleAsync(Compute input, TaskContext context, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(input);
        var block = new byte[BlockBytes];
        var hash = block.AsSpan(0, SHA256.HashSizeInBytes);
        for (var round = 0; round < input.Rounds; round++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            SHA256.HashData(block, hash); // into the block itself: no round can be left out
        }

        return Task.FromResult(Convert.ToHexString(hash));
    }
}
