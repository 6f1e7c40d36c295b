using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace Messaging.Infrastructure.Migrations;

/// <summary>Fingerprints, discarded dead letters, edited inputs, operations.</summary>
[DbContext(typeof(MessagingDbContext))]
[Migration("0004_dead_letters")]
public sealed class M0004DeadLetters : SqlMigration
{
    /// <inheritdoc/>
    protected override string File => "0004_dead_letters.sql";
}
